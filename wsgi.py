from comments import create_app

app = create_app()
