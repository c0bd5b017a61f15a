from flask import Blueprint

sites = Blueprint("sites", __name__)
